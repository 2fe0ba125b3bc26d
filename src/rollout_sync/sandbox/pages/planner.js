// Dragging a card into another column. Everything works without it, through the form of the card.
"use strict";

const board = document.querySelector(".board");

function send(fields) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = board.dataset.action;
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.requestSubmit();
}

if (board) {
  let carried = null;
  board.addEventListener("dragstart", (event) => {
    carried = event.target instanceof Element ? event.target.closest(".card") : null;
    if (!carried) return;
    carried.classList.add("moving");
    event.dataTransfer.setData("text/plain", carried.dataset.task);
    event.dataTransfer.effectAllowed = "move";
  });
  board.addEventListener("dragend", () => {
    if (carried) carried.classList.remove("moving");
    carried = null;
  });
  for (const column of board.querySelectorAll(".column")) {
    const takes = () => carried && column.dataset.bucket !== "none" && carried.closest(".column") !== column;
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
      send({ do: "move", task: carried.dataset.task, bucket: column.dataset.bucket });
    });
  }
}
