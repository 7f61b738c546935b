// Emmett on PostgreSQL, driven by lines of JSON: what to append, by how many clients, and how much in one go; what to read.

import { createInterface } from 'node:readline';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';

const CLIENTS = 16;
const connectionString = process.argv[2];
const pool = new pg.Pool({ connectionString, max: CLIENTS });
const store = getPostgreSQLEventStore(connectionString, { connectionOptions: { pool } });
let streams = 0;

const events = (bodies) => bodies.map((data) => ({ type: 'Signalled', data }));

const ways = {
  async prepare() {
    await store.schema.migrate();
    const opened = await Promise.all(Array.from({ length: CLIENTS }, () => pool.connect()));
    opened.forEach((connection) => connection.release());
    return {};
  },

  async append({ bodies, clients, inOne }) {
    const waiting = [];
    for (let start = 0; start < bodies.length; start += inOne) waiting.push(bodies.slice(start, start + inOne));
    const client = async () => {
      for (let some = waiting.shift(); some; some = waiting.shift()) {
        await store.appendToStream(`signal-${(streams += 1)}`, events(some));
      }
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: clients }, client));
    return { seconds: (performance.now() - began) / 1000 };
  },

  async read() {
    const bodies = [];
    for (let stream = 1; stream <= streams; stream += 1) {
      const { events } = await store.readStream(`signal-${stream}`);
      bodies.push(...events.map(({ data }) => data));
    }
    return { bodies };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { way, ...asked } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await ways[way](asked))}\n`);
}
await store.close();
await pool.end();
