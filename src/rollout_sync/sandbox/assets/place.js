// Sending a form loads the page again; this puts the visitor back where they were: scrolling, opened parts and focus.
// Everything works without it.
"use strict";

const placeKey = `place ${location.pathname}`;

function scrollers() {
  return [document.scrollingElement, ...document.querySelectorAll(".board, .cards")];
}

function keepPlace() {
  const place = {
    scrolled: scrollers().map((one) => [one.scrollLeft, one.scrollTop]),
    open: [...document.querySelectorAll("details[open][id]")].map((one) => one.id),
    focus: document.activeElement ? document.activeElement.id : "",
  };
  sessionStorage.setItem(placeKey, JSON.stringify(place));
}

function findPlace() {
  const kept = sessionStorage.getItem(placeKey);
  sessionStorage.removeItem(placeKey);
  if (!kept) return;
  const place = JSON.parse(kept);
  for (const id of place.open) {
    const part = document.getElementById(id);
    if (part) part.open = true;
  }
  scrollers().forEach((one, number) => {
    const [left, top] = place.scrolled[number] || [0, 0];
    one.scrollTo({ left, top, behavior: "instant" });
  });
  const target = document.getElementById(place.focus);
  if (target) target.focus();
  const card = document.getElementById(location.hash.slice(1));
  if (card) card.scrollIntoView({ block: "nearest", inline: "nearest" });
}

addEventListener("submit", keepPlace);
addEventListener("load", findPlace);
