"""The AI bot (智能机器人) over the long connection that we open."""
