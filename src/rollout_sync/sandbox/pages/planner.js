// Dragging a card into another column, and keeping one's place when a form reloads the board. Everything works without it.
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
  form.submit();
}

if (board) {
  let dragged = null;
  board.addEventListener("dragstart", (event) => {
    dragged = event.target.closest(".card");
    event.dataTransfer.setData("text/plain", dragged ? dragged.dataset.task : "");
  });
  for (const column of board.querySelectorAll(".column")) {
    column.addEventListener("dragover", (event) => {
      event.preventDefault();
      column.classList.add("over");
    });
    column.addEventListener("dragleave", () => column.classList.remove("over"));
    column.addEventListener("drop", (event) => {
      event.preventDefault();
      column.classList.remove("over");
      const bucket = column.dataset.bucket;
      if (dragged && bucket !== "none" && dragged.closest(".column") !== column) {
        send({ do: "move", task: dragged.dataset.task, bucket });
      }
    });
  }
}

const chooser = document.querySelector("#who");
if (chooser) {
  chooser.addEventListener("change", () => chooser.form.submit());
}
