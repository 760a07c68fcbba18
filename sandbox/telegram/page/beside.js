// Two people's chats side by side: /?user=1001&beside=1002.

const asked = new URLSearchParams(location.search);

for (const name of ["user", "beside"]) {
  const number = Number(asked.get(name));
  const user = Number.isSafeInteger(number) && number > 0 ? number : name === "user" ? 1001 : 1002;
  const frame = document.createElement("iframe");
  Object.assign(frame, { src: `/?user=${user}`, title: `Chat of ${user}`, allow: "clipboard-write" });
  document.body.append(frame);
}
