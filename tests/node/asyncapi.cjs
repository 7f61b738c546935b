// Prints what the parser of AsyncAPI says of a document, in the form in which Spectral says it of an OpenAPI document.
const { readFileSync } = require('node:fs')
const { Parser } = require('@asyncapi/parser')

new Parser().validate(readFileSync(process.argv[2], 'utf8')).then((found) => console.log(JSON.stringify(found)))
