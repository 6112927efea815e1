/** Filters that are none, by their form: invalidFilter. The mark ¦ stands before the place that is told. */
export const INVALID = `
¦
 ¦
¦status 
status eq¦
status eq ¦
name eq 'a' and¦
name eq 'a' or ¦
and ¦name eq 'a'
eq ¦'a'
¦eq
¦not
¦not 
¦not(name eq 'a')
not ¦name eq 'a'
¦not'a'
name ¦not eq 'a'
name ¦not in ('a')
(¦
(name eq 'a'¦
((name eq 'a')¦
(((name eq 'a'))¦
name eq ('a'¦
name eq 'a'¦)
¦)
(¦)
true¦))
(true ¦false)
(name eq 'a'¦, user eq 'b')
name eq ¦'a
name eq ¦'
name eq 'a'¦'
name eq ''¦a'
name eq 'O'¦Neil'
name eq ¦"a"
name eq ¦\u2019a\u2019
name eq ¦\u201ca\u201d
name eq ¦\`a\`
¦"name" eq 'a'
name ¦= 'a'
name ¦== 'a'
name ¦=== 'a'
name¦='a'
name ¦!= 'a'
name ¦<> 'a'
name¦!='a'
errorInfo/code ¦> 5
errorInfo/code ¦>= 5
errorInfo/code ¦< 5
errorInfo/code¦<=5
name eq 'a' ¦&& user eq 'b'
name eq 'a' ¦|| user eq 'b'
name eq 'a' ¦& user eq 'b'
¦!(name eq 'a')
¦!name
name ¦is null
name ¦equals 'a'
name ¦like 'a%'
name ¦contains 'a'
name ¦startswith 'a'
name ¦xor user
name ¦eqs 'a'
name ¦neq 'a'
name ¦gte 'a'
name ¦between 'a' and 'b'
name ¦matches 'a'
name eq 'a' ¦user eq 'b'
name eq 'a' ¦;
name eq 'a'¦; user eq 'b'
name eq 'a'¦, user eq 'b'
name eq 'a'¦and user eq 'b'
name eq 'a' and¦(user eq 'b')
(name eq 'a')¦and (user eq 'b')
name¦+eq+'a'
name eq¦'a'
name eq¦(null)
status in¦('Running')
status has¦'Running'
name eq null ¦null
name eq 1 ¦2
true ¦true
name eq eq eq¦
name eq ¦, 'a'
name eq ¦)
name eq ¦/name
name eq ¦$name
name eq ¦%27a%27
name eq ¦#
name eq ¦?
name eq ¦*
¦* eq 'a'
¦~name eq 'a'
name/¦/x eq 'a'x
¦/name eq 'a'
¦name.length gt 1
¦name.length eq 1
¦a.b eq 1
¦a.b
¦.name eq 'a'
errorInfo¦\\code eq 1
¦@ eq 1
¦@1 eq 1
¦$count eq 1
¦$root eq 1
$root/¦ eq 1
¦$value eq 1
$it/¦ eq 1
errorInfo/code eq ¦5L
errorInfo/code eq ¦5f
errorInfo/code eq ¦5.
errorInfo/code eq ¦.5
errorInfo/code eq ¦1.2.3
errorInfo/code eq ¦0x10
errorInfo/code eq 1¦,5
errorInfo/code eq ¦1_000
errorInfo/code eq ¦1e
errorInfo/code eq --¦5x
errorInfo/code eq ¦+
errorInfo/code eq -¦
errorInfo/code eq 5¦%
errorInfo/code eq ¦+-5
id eq ¦11111111-1111-1111-1111-11111111111
id eq ¦11111111-1111-1111-1111-1111111111111
id eq ¦11111111-1111-1111-1111-11111111111g
createdDateTime ge ¦2026-01-01T00:00:00
createdDateTime ge ¦2026-01-01T00:00
createdDateTime ge ¦2026-01-01T00:00:00+0300
createdDateTime ge ¦2026-01-01T00:00:00+24:00
createdDateTime ge ¦2026-01-01T24:00:00Z
createdDateTime ge ¦2026-01-01T00:60:00Z
createdDateTime ge ¦2026-01-01T00:00:61Z
createdDateTime ge ¦2026-01-01T00:00:00.Z
createdDateTime ge ¦2026-01-01T00:00:00.1234567890123Z
createdDateTime ge ¦2026-13-01T00:00:00Z
createdDateTime ge ¦2026-00-01T00:00:00Z
createdDateTime ge ¦2026-01-32T00:00:00Z
createdDateTime ge ¦2026-01-00T00:00:00Z
createdDateTime ge ¦2026-02-29T00:00:00Z
createdDateTime ge ¦2026-02-30T00:00:00Z
createdDateTime ge ¦2026-04-31T00:00:00Z
createdDateTime ge ¦1900-02-29T00:00:00Z
createdDateTime ge ¦2026-1-1T00:00:00Z
createdDateTime ge ¦26-01-01T00:00:00Z
createdDateTime ge ¦02026-01-01T00:00:00Z
createdDateTime ge 2026-01-01 ¦00:00:00Z
createdDateTime ge ¦20260101T000000Z
createdDateTime ge ¦2026/01/01
createdDateTime ge ¦datetime'2026-01-01T00:00:00Z'
createdDateTime ge ¦datetimeoffset'2026-01-01T00:00:00Z'
createdDateTime ge ¦date'2026-01-01'
date(createdDateTime) eq ¦2026-02-30
date(createdDateTime) eq ¦2026-13-01
id eq ¦guid'11111111-1111-1111-1111-111111111111'
name eq ¦string'a'
¦binary'A' eq null
¦binary'AA=A' eq null
¦X'AA' eq null
¦duration'1H' eq null
¦duration'PT1H1D' eq null
¦duration'P1Y' eq null
status eq ¦operationStatus'Running'
status eq ¦microsoft.graph.operationStatus'Run ning'
status eq ¦microsoft.graph.operationStatus"Running"
status has ¦Running
status has ¦5
status has ¦('Running')
status has 'Running' ¦eq true
status in ('Running',null) ¦eq true
status in ('Running','Failed') ¦add 1
status in ('Running','Failed') ¦in ('Running','Failed')
status in (¦Running,Failed)
status in (a¦.'Running')
name in (¦a,b)
name in ('a',¦b)
name in ('a',¦)
name in (¦,'a')
name in ('a',¦,'b')
name in ('a' ¦'b')
name in ('a'¦;'b')
name in ('a','b'¦;'c')
name in ('a'¦
name in ('a','b'¦
name in ('a',¦
name in (¦
name in ('a',¦name)
name in ('a',¦('b'))
name in ('a',¦concat('b','c'))
name in ¦
name in¦
contains(¦
contains(name¦
contains(name,¦
contains(name,'a'¦
contains(name¦)
contains(¦,'a')
contains(name,¦)
contains(name ¦'a')
contains(name¦;'a')
contains(name,'a'¦,'b')
contains ¦(name,'a')
contains(name,'a') ¦(true)
startswith(name¦)
startswith(name,'a'¦,'b')
length(name¦,user) gt 1
substring(name¦) eq 'a'
substring(name,1,2¦,3) eq 'a'
indexof(name¦) eq 1
now(¦1) gt createdDateTime
¦foo(name) eq 1
¦foo('a')
¦containz(name,'a')
¦substringof('a',name)
¦isnull(name)
¦count(parameters) gt 1
¦and(true,false)
foo(a=1,¦) eq 1
foo(a=1,¦2) eq 1
foo(a=¦) eq 1
case(true¦) eq 1
case(true:1 eq 1¦
case(true:¦) eq 1
parameters/any(¦
parameters/any(p¦
parameters/any(p:¦
parameters/any(p:p/name eq 'IP'¦
parameters/any(p:p/name eq 'IP'¦,true)
parameters/any(p:p/name eq 'IP') ¦)
parameters/any(¦:p/name eq 'IP')
parameters/any(¦'IP')
parameters/any(p¦/name eq 'IP')
parameters/any(name ¦eq 'IP')
parameters/any(p¦=>p/name eq 'IP')
parameters/any(p:¦)
parameters/all(¦)
parameters/any(p:p/name eq¦)
parameters/¦1 eq 1x
`;
