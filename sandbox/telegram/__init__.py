"""Practice Telegram: the Bot API methods the assistant uses, and the chat page a person sees."""
