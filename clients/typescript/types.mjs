// Writes src/openapi.ts from the OpenAPI document, in which tests/golden has what this commit serves.
import { readFile, writeFile } from "node:fs/promises";
import openapiTypescript, { astToString } from "openapi-typescript";
import ts from "typescript";

const [from = "../../tests/golden/openapi.json", to = "src/openapi.ts"] = process.argv.slice(2);
const document = JSON.parse(await readFile(from, "utf8"));

// Refusals are left out of it: all have the one shape `Problem`.
for (const operations of Object.values(document.paths))
  for (const { responses } of Object.values(operations))
    for (const status of Object.keys(responses)) if (Number(status) >= 400) delete responses[status];

// A field with a default may be left out of a body, and is never missing in an answer.
const declarations = await openapiTypescript(document, { defaultNonNullable: false });
const types = astToString([...declarations.map(withReferences), ...declarations.flatMap(shapes)]);
await writeFile(to, `// Made by \`make client\` from the OpenAPI document: not to be edited.\n\n${types}`);

/** Each shape by its own name, which is what editors and errors then call it. */
function shapes(declaration) {
  const exported = [ts.factory.createModifier(ts.SyntaxKind.ExportKeyword)];
  return schemasOf(declaration).map(({ name, type }) =>
    ts.isTypeLiteralNode(type)
      ? ts.factory.createInterfaceDeclaration(exported, name.text, undefined, undefined, type.members)
      : ts.factory.createTypeAliasDeclaration(exported, name.text, undefined, type),
  );
}

function withReferences(declaration) {
  const own = new Set(schemasOf(declaration));
  const visit = (node) =>
    own.has(node)
      ? ts.factory.createPropertySignature(undefined, node.name, undefined, ts.factory.createTypeReferenceNode(node.name.text))
      : ts.visitEachChild(node, visit, undefined);
  return own.size ? visit(declaration) : declaration;
}

function schemasOf(declaration) {
  if (declaration.name?.text !== "components") return [];
  return declaration.members.find(({ name }) => name.text === "schemas").type.members;
}
