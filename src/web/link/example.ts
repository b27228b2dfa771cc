/** Code that talks to an address, for visitors to copy. The address may come out of a link, and stays data in it. */
export function exampleFor(address: URL): string {
  return `import { connect } from "bascule/browser";

const socket = await connect(${JSON.stringify(address.href)});
const text = socket.readable.pipeThrough(new TextDecoderStream());
for await (const piece of text) console.log(piece);
`;
}
