"""The contract: values, events, commands, rejections and outcomes. Imports msgspec and nothing of ours."""
