INSERT INTO sealed_documents (name, revision, document) VALUES ('a-document.json', 1, '{}');
