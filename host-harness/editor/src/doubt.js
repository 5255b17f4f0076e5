// What is wrong by the schema that the connector brings may be right all the same.

export const DOUBT = "(by the schema that the connector brings; the service may know more)";
