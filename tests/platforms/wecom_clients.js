// Official clients against the simulator. Commands come as JSON lines on stdin, what happens goes to stdout as such.
const readline = require("readline");
const crypto = require("@wecom/crypto");
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
let bot = null;

const commands = {
  encrypt: ({ key, message, id }) => ({ encrypted: crypto.encrypt(key, message, id) }),
  decrypt: ({ key, encrypted }) => {
    const { message, id } = crypto.decrypt(key, encrypted);
    return { message, id };
  },
  sign: ({ token, timestamp, nonce, encrypted }) => ({
    signature: crypto.getSignature(token, timestamp, nonce, encrypted),
  }),
  connect: ({ url, botId, secret }) => {
    const { WSClient } = require("@wecom/aibot-node-sdk");
    bot = new WSClient({ botId, secret, wsUrl: url, logger: quiet, reconnectInterval: 100 });
    bot.on("authenticated", () => say({ event: "authenticated" }));
    bot.on("disconnected", (reason) => say({ event: "disconnected", reason }));
    bot.on("error", (error) => say({ event: "error", message: String(error.message) }));
    bot.on("message.text", async (frame) => {
      say({ event: "text", body: frame.body });
      await bot.replyStream(frame, "s1", "⏳", false);
      await bot.replyStream(frame, "s1", "收到：" + frame.body.text.content, true);
      say({ event: "answered" });
    });
    bot.on("message.image", async (frame) => {
      const { buffer } = await bot.downloadFile(frame.body.image.url, frame.body.image.aeskey);
      say({ event: "image", data: buffer.toString("base64") });
    });
    bot.on("event.enter_chat", async (frame) => {
      await bot.replyWelcome(frame, { msgtype: "text", text: { content: "欢迎" } });
      say({ event: "welcomed" });
    });
    bot.on("event.template_card_event", async (frame) => {
      const event = frame.body.event.template_card_event || frame.body.event;
      await bot.updateTemplateCard(frame, {
        card_type: "text_notice", main_title: { title: "已选" }, card_action: { type: 1, url: "https://example.com/" }, task_id: event.task_id,
      });
      say({ event: "pressed", key: event.event_key });
    });
    bot.connect();
    return {};
  },
  send: async ({ chatid, body }) => ({ answer: await bot.sendMessage(chatid, body) }),
  upload: async ({ data, filename }) => await bot.uploadMedia(Buffer.from(data, "base64"), { type: "file", filename }),
  end: () => { if (bot) bot.disconnect(); setTimeout(() => process.exit(0), 50); return {}; },
};

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const { n, command, ...given } = JSON.parse(line);
  try {
    say({ n, ...(await commands[command](given)) });
  } catch (error) {
    say({ n, error: String(error.message || JSON.stringify(error)), code: error.errcode });
  }
});
