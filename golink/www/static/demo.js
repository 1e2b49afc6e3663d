// The "try it" buttons of the proxy demo.
"use strict";

const texts = document.querySelector(".trials").dataset;

for (const place of document.querySelectorAll("[data-origin]")) place.textContent = location.origin;

function resultOf(element) {
  const result = element.closest(".trial").querySelector(".result");
  result.hidden = false;
  result.textContent = "";
  return result;
}

function add(result, line) {
  result.textContent += line + "\n";
  result.scrollTop = result.scrollHeight;
}

async function show(result, request) {
  const start = performance.now();
  result.textContent = "…";
  try {
    const response = await request;
    const body = await response.text();
    const seconds = ((performance.now() - start) / 1000).toFixed(2);
    result.textContent = `${response.status} ${response.statusText} (${seconds} s)\n${body}`;
  } catch (error) {
    result.textContent = texts.failed + error.message;
  }
}

for (const link of document.querySelectorAll("[data-fetch]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    show(resultOf(link), fetch(link.href, { cache: "no-store" }));
  });
}

const upload = document.querySelector("[data-upload]");
upload.addEventListener("submit", (event) => {
  event.preventDefault();
  show(resultOf(upload), fetch(upload.action, { method: "PUT", body: upload.elements.file.files[0] }));
});

const listen = document.querySelector("[data-events]");
let source;
listen.addEventListener("click", (event) => {
  event.preventDefault();
  source?.close();
  const result = resultOf(listen);
  source = new EventSource(listen.href);
  source.addEventListener("tick", ({ data }) => add(result, data));
  source.addEventListener("end", ({ data }) => {
    add(result, data);
    source.close(); // otherwise the browser connects again
  });
  source.addEventListener("error", () => {
    add(result, texts.failed + listen.pathname);
    source.close();
  });
});

const form = document.querySelector("[data-websocket]");
const message = form.querySelector("input");
const close = form.querySelector("[data-close]");
let socket;
form.hidden = false;

function connect() {
  const address = new URL(form.dataset.websocket, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const result = resultOf(form);
  socket = new WebSocket(address);
  socket.addEventListener("open", () => {
    add(result, texts.opened);
    close.hidden = false;
  });
  socket.addEventListener("message", ({ data }) => add(result, "← " + data));
  socket.addEventListener("close", ({ code }) => {
    add(result, texts.closed + code);
    close.hidden = true;
    socket = undefined;
  });
  return socket;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const send = (open) => {
    add(form.parentElement.querySelector(".result"), "→ " + message.value);
    open.send(message.value);
  };
  if (socket?.readyState === WebSocket.OPEN) send(socket);
  else if (!socket) {
    const open = connect();
    open.addEventListener("open", () => send(open));
  }
});

close.addEventListener("click", () => socket?.close(1000));
