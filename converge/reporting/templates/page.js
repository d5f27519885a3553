(() => {
  const form = document.querySelector(".filter");
  const scenarios = [...document.querySelectorAll(".scenario")];
  const groups = [".chapter", ".component", ".area"].map((kind) => [...document.querySelectorAll(kind)]);
  const texts = new Map(scenarios.map((one) => [one, one.textContent.toLowerCase()]));

  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcomes = new Set([...form.querySelectorAll("[name=outcome]:checked")].map((box) => box.value));
    let shown = 0;
    for (const one of scenarios) {
      one.hidden = !(outcomes.has(one.dataset.outcome) && words.every((word) => texts.get(one).includes(word)));
      shown += !one.hidden;
    }
    const all = shown === scenarios.length;
    for (const group of groups.flat()) group.hidden = !all && !group.querySelector(".scenario:not([hidden])");
    form.querySelector("output").textContent = all ? "" : `${shown} of ${scenarios.length} scenarios`;
  };

  const open = (isOpen) => scenarios.forEach((one) => { if (!one.hidden) one.open = isOpen; });

  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) { form.reset(); filter(); }
    if (target.matches("details")) target.open = true;
    target.scrollIntoView();
    target.querySelector("summary")?.focus({ preventScroll: true });
  };

  form.hidden = scenarios.length === 0;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.elements.open.addEventListener("click", ({ target }) => {
    const isOpening = target.textContent === "Open all";
    open(isOpening);
    target.textContent = isOpening ? "Close all" : "Open all";
  });
  addEventListener("hashchange", follow);
  if (location.hash) follow();
})();
