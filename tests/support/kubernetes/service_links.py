"""What the kubelet puts into every container for each Service of the namespace, where a pod does not forbid it."""


def service_links(name: str, port: int = 80) -> dict[str, str]:
    """The variables for a Service of this name with one named port (`makeLinkVariables` of the kubelet)."""
    of = name.upper().replace("-", "_")
    return {
        f"{of}_SERVICE_HOST": "10.0.0.1",
        f"{of}_SERVICE_PORT": str(port),
        f"{of}_SERVICE_PORT_HTTP": str(port),
        f"{of}_PORT": f"tcp://10.0.0.1:{port}",
        f"{of}_PORT_{port}_TCP": f"tcp://10.0.0.1:{port}",
        f"{of}_PORT_{port}_TCP_PROTO": "tcp",
        f"{of}_PORT_{port}_TCP_PORT": str(port),
        f"{of}_PORT_{port}_TCP_ADDR": "10.0.0.1",
    }
