/** The description of the control API, in the form of OpenAPI 3.1. */
export function openApiDocument(version: string): object {
  return { openapi: '3.1.0', info: { title: 'Control API of yourlabs-runner', version } };
}
