#!/bin/sh
# Makes what nobody else may know, in deploy/secrets (or the directory that is named): the key around all other keys, and
# passwords. What is there already stays as it is. Keep `kek` somewhere else too, and never beside the backups.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
secrets=${1:-$here/secrets}
mkdir -p "$secrets"

once() { [ -s "$secrets/$1" ] || { cat > "$secrets/$1.new" && mv "$secrets/$1.new" "$secrets/$1"; }; }
password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

head -c 32 /dev/urandom | base64 | once kek
for each in postgres-owner postgres-hub kafka-hub grafana-admin; do password | once "$each"; done
printf 'postgres:5432:*:hub:%s\n' "$(cat "$secrets/postgres-hub")" | once pgpass

# PostgreSQL, Kafka and Grafana read theirs as users of their own images; the directory keeps everybody else out.
chmod 0444 "$secrets/postgres-owner" "$secrets/postgres-hub" "$secrets/kafka-hub" "$secrets/grafana-admin"

# kek and pgpass are for their reader alone, so the hub's processes run as whoever owns them; which is never root.
user=$(id -u):$(id -g)
if [ "$user" = 0:0 ]; then user=10001:10001 && chown "$user" "$secrets/kek" "$secrets/pgpass"; fi
[ $# -gt 0 ] || printf 'HUB_USER=%s\n' "$user" | secrets=$here/.. once .env
