// Watches the sockets that the client opens. The client hides them; this page shows what they do, and can cut them.

export class Sockets {
  #known = new Set();

  // Sees each WebSocket that the page opens from now on, and calls:
  //   onOpen()
  //   onSend(text)                            a frame goes out
  //   onEnd({url, hasOpened, code, reason})   it could not be opened, or has closed although this page did not close it
  watch({ onOpen, onSend, onEnd }) {
    const known = this.#known;
    globalThis.WebSocket = class extends WebSocket {
      hasOpened = false;
      isClosedHere = false;

      constructor(url, protocols) {
        super(url, protocols);
        known.add(this);
        this.addEventListener("open", () => {
          this.hasOpened = true;
          onOpen();
        });
        this.addEventListener("close", ({ code, reason }) => {
          known.delete(this);
          if (!this.isClosedHere) onEnd({ url: new URL(url), hasOpened: this.hasOpened, code, reason });
        });
      }

      send(text) {
        super.send(text);
        onSend(text);
      }

      close(code, reason) {
        if (this.readyState === WebSocket.OPEN) this.isClosedHere = true;
        super.close(code, reason);
      }
    };
  }

  // Closes the open sockets without telling the client, which then has to connect again. Returns how many.
  cut() {
    const open = [...this.#known].filter((socket) => socket.readyState === WebSocket.OPEN);
    for (const socket of open) socket.close(4000, "cut by the page");
    return open.length;
  }

  // Tells nothing more of the sockets that there are.
  forget() {
    for (const socket of this.#known) socket.isClosedHere = true;
  }
}
