// `deno doc --lint` on what the package exports. Findings in npm packages, whose types the public
// surface names, are not ours to mend.
const config = JSON.parse(await Deno.readTextFile("deno.json")) as {
  exports: Record<string, string>;
};
const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--lint", ...Object.values(config.exports)],
  env: { NO_COLOR: "1" },
}).output();
const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
const findings = said.split(/\n(?=error\[)/).filter((block) => /^error\[/.test(block));
const ours = findings.filter((block) => block.includes(`--> ${Deno.cwd()}/`));
if (code !== 0 && findings.length === 0) {
  console.error(said);
  Deno.exit(1);
}
for (const finding of ours) console.error(finding);
console.log(`docs: ${ours.length} findings`);
if (ours.length > 0) Deno.exit(1);
