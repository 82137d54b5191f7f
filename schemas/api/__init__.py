"""What HTTP clients send and see: the one source of the decoder, of the replies and of the OpenAPI document."""
