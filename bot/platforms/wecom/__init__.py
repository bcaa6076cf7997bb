"""WeCom (企业微信): self-built app, group robots and AI bot, each alone or together, as one platform."""
