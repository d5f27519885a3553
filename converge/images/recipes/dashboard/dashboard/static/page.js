(() => {
  const form = document.querySelector("form[role=search]");
  if (!form) return;
  const field = form.querySelector("input");
  const tiles = () => [...document.querySelectorAll(".tile")];

  const filter = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const tile of tiles()) {
      const text = tile.textContent.toLowerCase();
      tile.hidden = !words.every((word) => text.includes(word));
      shown += !tile.hidden;
    }
    form.querySelector("output").textContent = words.length ? `${shown} of ${tiles().length}` : "";
  };

  form.hidden = false;
  field.addEventListener("input", filter);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    document.querySelector(".tile:not([hidden]) h3 a")?.click();
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && document.activeElement !== field) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape" && document.activeElement === field) {
      field.value = "";
      filter();
      field.blur();
    }
  });
  filter();

  // What is shown is replaced in place; where somebody stands in it with the keyboard, it waits for the next turn.
  const renew = async () => {
    if (document.hidden || document.activeElement?.closest("#now, #tiles")) return;
    let answer;
    try {
      answer = await fetch("/", { redirect: "error" });
    } catch {
      return; // the next turn asks again; when it was last seen stands on the page
    }
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["now", "tiles"]) document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
    document.title = page.title;
    filter();
  };
  setInterval(renew, 10000);
})();
