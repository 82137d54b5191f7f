"""The structs that clients send and receive. The decoder, the replies and the OpenAPI document are made from them."""
