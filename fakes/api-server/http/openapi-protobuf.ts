import protobuf from 'protobufjs';

/** What clients call an OpenAPI document of the second version as protobuf; older ones take nothing else. */
export const openApiProtobufType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** The messages of that format as far as our document has something to say in them: names and numbers are the wire format. */
const messages = `
syntax = "proto3";
message Document { string swagger = 1; Info info = 2; Paths paths = 8; Definitions definitions = 9; }
message Info { string title = 1; string version = 2; }
message Paths { repeated NamedPathItem path = 2; }
message NamedPathItem { string name = 1; PathItem value = 2; }
message PathItem { Operation get = 2; Operation patch = 8; }
message Operation { string operation_id = 5; repeated ParametersItem parameters = 8; repeated NamedAny vendor_extension = 13; }
message ParametersItem { Parameter parameter = 1; }
message Parameter { NonBodyParameter non_body_parameter = 2; }
message NonBodyParameter { QueryParameter query_parameter_sub_schema = 3; }
message QueryParameter { string in = 2; string name = 4; string type = 6; }
message Definitions { repeated NamedSchema additional_properties = 1; }
message NamedSchema { string name = 1; Schema value = 2; }
message Schema { string _ref = 1; string description = 4; AdditionalProperties additional_properties = 21; TypeItem type = 22; ItemsItem items = 23; Properties properties = 25; repeated NamedAny vendor_extension = 31; }
message AdditionalProperties { Schema schema = 1; }
message TypeItem { repeated string value = 1; }
message ItemsItem { repeated Schema schema = 1; }
message Properties { repeated NamedSchema additional_properties = 1; }
message NamedAny { string name = 1; Any value = 2; }
message Any { string yaml = 2; }
`;

type Data = Readonly<Record<string, unknown>>;

let documentType: protobuf.Type | undefined;

/** Encodes the document, which is the one that is served as JSON. */
export function encodeOpenApi(document: Data): Buffer {
  documentType ??= protobuf.parse(messages, { keepCase: true }).root.lookupType('Document');
  const { paths, definitions, ...rest } = document;
  const message = {
    ...rest,
    paths: { path: named(paths as Data, pathItem) },
    definitions: { additional_properties: named(definitions as Data, schema) },
  };
  return Buffer.from(documentType.encode(message).finish());
}

function named(data: Data, valueOf: (value: Data) => object): object[] {
  return Object.entries(data).map(([name, value]) => ({ name, value: valueOf(value as Data) }));
}

function pathItem(item: Data): object {
  return Object.fromEntries(Object.entries(item).map(([verb, value]) => [verb, operation(value as Data)]));
}

function operation(data: Data): object {
  const parameters = (data['parameters'] ?? []) as Data[];
  return {
    operation_id: data['operationId'],
    parameters: parameters.map((one) => ({
      parameter: { non_body_parameter: { query_parameter_sub_schema: one } },
    })),
    vendor_extension: extensions(data),
  };
}

function schema(data: Data): object {
  const { $ref: reference, description, type, items, properties, additionalProperties } = data;
  return {
    ...(reference === undefined ? {} : { _ref: reference }),
    ...(description === undefined ? {} : { description }),
    ...(type === undefined ? {} : { type: { value: [type] } }),
    ...(items === undefined ? {} : { items: { schema: [schema(items as Data)] } }),
    ...(additionalProperties === undefined
      ? {}
      : { additional_properties: { schema: schema(additionalProperties as Data) } }),
    ...(properties === undefined
      ? {}
      : { properties: { additional_properties: named(properties as Data, schema) } }),
    vendor_extension: extensions(data),
  };
}

/** JSON is YAML too. */
function extensions(data: Data): object[] {
  return Object.entries(data)
    .filter(([name]) => name.startsWith('x-'))
    .map(([name, value]) => ({ name, value: { yaml: JSON.stringify(value) } }));
}
