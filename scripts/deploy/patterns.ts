// What names must look like that AWS would refuse after minutes: read by the command line, and by CloudFormation itself.

/** Nothing, or one address. */
export const alarmEmailPattern = String.raw`^([^\s@,]+@[^\s@,]+)?$`;
/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
export const tablePattern = '^[a-zA-Z0-9_.-]{3,255}$';
/** An address or a domain, as SES verifies them. */
export const senderPattern = String.raw`^([^\s@,]+@)?[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$`;
