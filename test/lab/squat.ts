// Holds the name of symrouted's place in this network namespace; with an argument asks for it that often instead.

const address = { transport: "unix", path: "\0symrouted" } as const;

if (Deno.args.length > 0) {
  for (let asked = 0; asked < Number(Deno.args[0]); asked++) {
    (await Deno.connect(address)).close();
    // Time to be heard.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
} else {
  using _place = Deno.listen(address);
  console.log("listening");
  await new Promise(() => setInterval(() => {}, 1000));
}
