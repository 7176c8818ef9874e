import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ANYTHING } from './explained-reasons';
import { ROOT } from './markdown';

/** Every text that the code marks as a reason of `/health`. */
export function markedReasons(): string[] {
  const found = new Set<string>();
  for (const folder of ['apps', 'libs']) {
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.spec.ts')) continue;
      const text = readFileSync(join(ROOT, folder, file), 'utf8');
      if (text.includes('healthReason`')) collect(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true), found);
    }
  }
  return [...found];
}

function collect(node: ts.Node, found: Set<string>): void {
  if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'healthReason') {
    let whole: ts.Expression = node;
    while (isSum(whole.parent) && whole.parent.left === whole) whole = whole.parent;
    found.add(textOf(whole).replace(/(<>)+/g, ANYTHING));
  }
  node.forEachChild((child) => {
    collect(child, found);
  });
}

function isSum(node: ts.Node): node is ts.BinaryExpression {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
}

function textOf(node: ts.Expression): string {
  if (isSum(node)) return textOf(node.left) + textOf(node.right);
  if (ts.isTaggedTemplateExpression(node)) return textOf(node.template);
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return ANYTHING;
  return node.head.text + node.templateSpans.map(({ literal }) => ANYTHING + literal.text).join('');
}
