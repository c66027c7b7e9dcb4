"""gRPC clients made from .proto files while the agent starts, so that there is no generated code to keep.

Needs protoc, and the Python packages grpc and google.protobuf.
"""

import subprocess

from google.protobuf import descriptor_pb2, message_factory


class Protocol:
    """The services that the .proto files of a directory define."""

    def __init__(self, directory, file_names):
        compiled = subprocess.run(
            ["protoc", f"--proto_path={directory}", "--descriptor_set_out=/dev/stdout", *file_names],
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
        files = descriptor_pb2.FileDescriptorSet.FromString(compiled).file
        self.messages = message_factory.GetMessages(files)
        self.services = {
            f"{file.package}.{service.name}": service for file in files for service in file.service
        }


class Client:
    """Calls one service. A unary method takes the fields of its request by name:

    await client.StopContainer(timeout_s=10, container_id="c1", timeout=5)

    `timeout_s` is the deadline of the call itself, in seconds. Raises grpc.RpcError.
    """

    def __init__(self, channel, protocol, service_name):
        for method in protocol.services[service_name].method:
            request_type = protocol.messages[method.input_type.lstrip(".")]
            response_type = protocol.messages[method.output_type.lstrip(".")]
            shape = (method.client_streaming, method.server_streaming)
            make = {
                (False, False): channel.unary_unary,
                (False, True): channel.unary_stream,
                (True, True): channel.stream_stream,
            }[shape]
            call = make(
                f"/{service_name}/{method.name}",
                request_serializer=request_type.SerializeToString,
                response_deserializer=response_type.FromString,
            )
            setattr(self, method.name, call if any(shape) else by_name(call, request_type))


def by_name(call, request_type):
    """A unary call that takes the request's fields as arguments."""

    def invoke(*, timeout_s, **fields):
        return call(request_type(**fields), timeout=timeout_s)

    return invoke
