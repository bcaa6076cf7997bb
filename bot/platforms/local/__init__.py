"""The browser chat room: a training ground that needs nothing but a browser."""
