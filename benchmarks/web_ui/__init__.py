"""The web UI as it is measured: a real browser before a real server, the CPU of the page's main thread by the browser's own count."""
