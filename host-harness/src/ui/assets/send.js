// Talks to the server the page came from, and to no other.

import { lines } from "./shown.js";

const token = document.querySelector('meta[name="csrf-token"]').content;

// Only HTML that this server has drawn, and escaped, goes through here.
const policy = window.trustedTypes?.createPolicy("harness", { createHTML: (html) => html });

/** Puts a piece of server-drawn HTML in the place of what `element` holds. */
export function fill(element, html) {
  element.innerHTML = policy ? policy.createHTML(html) : html;
}

/** The one element that a piece of server-drawn HTML is. */
export function element(html) {
  const template = document.createElement("template");
  fill(template, html);
  return template.content.firstElementChild;
}

/** Sends JSON; gives the JSON that came back, or throws an Error with words for people. */
export async function post(path, body = {}, signal = undefined) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": token },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The page's program does not answer. Is it still running?");
  }
  return read(response);
}

/** Sends a file as it is; gives the JSON that came back, or throws an Error with words for people. */
export async function upload(path, file) {
  return read(await fetch(path, { method: "POST", headers: { "x-csrf-token": token }, body: file }));
}

/** Gets JSON. */
export async function get(path, signal = undefined) {
  return read(await fetch(path, { signal }));
}

async function read(response) {
  if (response.status === 204) return null;
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  if (response.ok && isJson) return JSON.parse(text);
  throw new Error(isJson ? JSON.parse(text).error : text.trim() || `The answer was ${response.status}.`);
}

/** Says something to whoever listens to the page instead of looking at it. */
export function say(text) {
  const announcer = document.getElementById("announcer");
  announcer.textContent = "";
  // The same text twice is said twice only if it was gone in between.
  requestAnimationFrame(() => { announcer.textContent = lines(text); });
}

// What is shown or read out of an element beside what is in it.
const READ_OUT = ["aria-label", "title"];

/** An element with attributes and children, text as text: of whomever it is, it is shown as it is and obeyed by nothing. */
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    made.setAttribute(key, value === true ? "" : READ_OUT.includes(key) ? lines(String(value)) : value);
  }
  made.append(...children.map((child) => (child instanceof Node ? child : lines(String(child)))));
  return made;
}
