// Makes the cards of the board draggable; everything works without it, through forms and buttons.
"use strict";

const board = document.querySelector("[data-board]");
if (board) {
  let carried = null;

  for (const card of board.querySelectorAll("[data-card]")) {
    card.draggable = true;
    card.addEventListener("dragstart", (event) => {
      carried = card;
      card.classList.add("moving");
      event.dataTransfer.setData("text/plain", card.dataset.card);
      event.dataTransfer.effectAllowed = "move";
    });
    card.addEventListener("dragend", () => {
      card.classList.remove("moving");
      carried = null;
    });
  }

  for (const column of board.querySelectorAll(".column")) {
    const takes = () => carried && carried.dataset.status !== column.dataset.status;
    column.addEventListener("dragover", (event) => {
      if (!takes()) return;
      event.preventDefault();
      column.classList.add("target");
    });
    column.addEventListener("dragleave", () => column.classList.remove("target"));
    column.addEventListener("drop", (event) => {
      column.classList.remove("target");
      if (!takes()) return;
      event.preventDefault();
      const form = carried.querySelector("form.move");
      form.elements.to.value = column.dataset.status;
      document.querySelector("[data-news]").textContent = `Moving ${carried.dataset.card}`;
      form.requestSubmit();
    });
  }
}
