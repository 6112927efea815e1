/** Filters that are read, one a line. */
export const SERVED = `
status eq 'Running'
status ne 'Failed'
'Completed' eq status
'NotStarted' ne status
status eq 'running'
status eq 'COMPLETED'
status eq Running
NotStarted eq status
status ne Failed
status eq microsoft.graph.operationStatus'Running'
microsoft.graph.operationStatus'Failed' ne status
graph.operationStatus'Completed' eq status
Microsoft.Graph.OperationStatus'Completed' eq status
status eq '1'
status eq microsoft.graph.operationStatus'2'
status has 'Running'
status has microsoft.graph.operationStatus'Failed'
status in ('Running')
status in ('Running','Failed')
status in ( 'Running' , 'Failed' )
status in (microsoft.graph.operationStatus'Running','Failed',null)
status eq null
null ne status
not (status in ('Running','Failed'))
not status in ('Running')
enforcement/state eq 'inForce'
enforcement/state ne pending
enforcement/state eq interdict.enforcementState'released'
enforcement/state in ('inForce','releasing','unknown')
enforcement/action eq 'ip.block'
enforcement/provider eq 'blocklist'
enforcement/target eq 'ip:203.0.113.9'
startswith(enforcement/target,'ip:203.0.113.')
enforcement/expirationDateTime lt 2027-01-01T00:00:00Z
enforcement/expirationDateTime eq null
enforcement/expirationDateTime gt now()
id eq '11111111-1111-4111-8111-111111111111'
id eq 11111111-1111-4111-8111-111111111111
id eq ABCDEF01-2345-4678-89AB-CDEF01234567
id in (11111111-1111-4111-8111-111111111111,'22222222-2222-4222-8222-222222222222')
11111111-1111-4111-8111-111111111111 eq id
id gt '1'
name eq 'BlockIp'
name ne 'BlockIp'
name gt 'A'
name ge 'A'
name lt 'z'
name le 'z'
'a' eq name
'a' lt 'b'
name eq user
name eq ''
name eq 'it''s'
name eq ''''
name eq '''quoted'''
name eq '100% or "more" & #1'
name eq 'ümlaut, 漢字, \u{1f600}'
name eq 'a	b'
name eq '(not a parenthesis'
name eq 'true and false'
name eq null
null eq null
null ne null
name in ()
name in ('a','b','c')
name in ('a',null)
name in (null)
user eq 'alice@example.com'
appId eq 'f4c1'
azureTenantId ne null
clientContext eq 'incident-4711'
actionReason eq 'beacon to c2'
vendorInformation/provider eq 'edge'
vendorInformation/providerVersion ge '2'
vendorInformation/subProvider eq null
vendorInformation/vendor ne 'Contoso'
errorInfo/code eq 6
errorInfo/code eq -6
errorInfo/code eq +6
errorInfo/code ne 6
6 lt errorInfo/code
errorInfo/subcode ge 1.5
errorInfo/subcode lt 1e3
errorInfo/subcode lt 1.25E-3
errorInfo/subcode gt -1e+2
errorInfo/code lt INF
errorInfo/code gt -INF
errorInfo/code ne NaN
errorInfo/code in (1,2,+3,-4,5.5)
errorInfo/message eq 'no route'
errorInfo/code eq null
1 eq 1
1 eq 1.0
createdDateTime ge 2026-01-31T00:00:00Z
createdDateTime lt 2026-01-31T23:59Z
createdDateTime le 2026-01-31T23:59:60Z
createdDateTime gt 2026-01-31t00:00:00z
createdDateTime eq 2026-01-31T00:00:00.1Z
createdDateTime eq 2026-01-31T00:00:00.1234567Z
createdDateTime eq 2026-01-31T00:00:00.123456789012Z
createdDateTime ge 2026-01-31T00:00:00+05:30
createdDateTime ge 2026-01-31T00:00:00.5-11:00
createdDateTime ge 2024-02-29T00:00:00Z
createdDateTime gt -0001-12-31T00:00:00Z
createdDateTime lt 12026-01-01T00:00:00Z
2026-01-31T00:00:00Z le createdDateTime
createdDateTime in (2026-01-31T00:00:00Z,2026-02-01T00:00:00Z)
createdDateTime lt lastActionDateTime
completedDateTime eq null
completedDateTime ge createdDateTime
lastActionDateTime ne null
createdDateTime le now()
now() ge createdDateTime
now( ) ge createdDateTime
date(createdDateTime) eq 2026-01-31
date(createdDateTime) in (2026-01-30,2026-01-31)
2026-01-31 lt date(now())
2026-01-31 lt 2026-02-01
10:00 lt 11:30:15.5
hour(10:00) eq 10
year(createdDateTime) eq 2026
year(2026-01-31) eq 2026
month(createdDateTime) ge 6
day(createdDateTime) eq 31
hour(createdDateTime) lt 8
minute(lastActionDateTime) eq 0
second(completedDateTime) ne 59
year(now()) eq year(createdDateTime)
date(date(createdDateTime)) eq 2026-01-31
startswith(name,'Block')
endswith(name,'Ip')
contains(name,'ock')
contains(name,'%_')
contains( name , 'a' )
STARTSWITH(name,'Block')
not startswith(name,'Block')
not contains(user,'admin') and status eq 'Running'
contains(name,'a') eq true
contains(name,'a') ne false
contains(name,null)
contains(concat(name,user),'a')
startswith(tolower(name),tolower('BLOCK'))
tolower(name) eq 'blockip'
toupper(name) eq 'BLOCKIP'
trim(name) ne name
length(name) gt 3
length('abc') eq 3
indexof(name,'Ip') eq 5
indexof(name,'x') eq -1
substring(name,1) eq 'lockIp'
substring(name,1,3) eq 'loc'
substring(name,length(name)) eq ''
concat(concat(name,'-'),user) eq 'a-b'
length(concat('a',name)) ge indexof(name,'b')
parameters/any()
not parameters/any()
parameters/any( )
parameters/any(p:p/name eq 'IP')
parameters/any(p:p/name eq 'IP' and p/value eq '203.0.113.9')
parameters/any( p : p/name eq 'IP' )
parameters/Any(p:true)
parameters/all(p:p/value ne null)
parameters/all(name:name/name ne 'x')
parameters/any(p:p/value in ('a','b'))
parameters/any(p:startswith(p/value,'203.'))
parameters/any(p:p/value eq user)
parameters/any(p:parameters/any(q:q/name eq p/value))
parameters/any(p:p/name eq 'IP') and not parameters/any(p:p/name eq 'Test')
parameters/any(größe:größe/name eq 'IP')
states/any()
states/any(s:s/status eq 'Failed')
states/any(s:s/status in (microsoft.graph.operationStatus'Failed','Running'))
states/any(s:Running eq s/status)
states/all(s:s/updatedDateTime gt createdDateTime)
states/any(s:s/user eq 'alice' or s/appId eq null)
states/any(s:parameters/any(p:p/value eq s/user))
states/any(s:year(s/updatedDateTime) eq 2026)
true
false
TRUE
null
not true
not null
not (false)
not not true
true eq (name eq 'a')
(name eq 'a') ne (user eq 'b')
true ne false
(true)
((((true))))
( name eq 'a' )
name eq 'a' and user eq 'b'
name eq 'a' or user eq 'b'
name eq 'a' or user eq 'b' and status eq 'Failed'
(name eq 'a' or user eq 'b') and status eq 'Failed'
name EQ 'a' AND user NE 'b' OR NOT (id Eq 'c')
name  eq	'a'
 name eq 'a'
name eq 'a' 
not (name eq 'a') and not (user eq 'b')
name eq ('a')
(name) eq ('a')
status in ('Running') and true
true and status in ('Running')
status has 'Running' or true
name eq null or user ne null
name eq 'a' and null
contains(name,'a') or contains(user,'b') and not endswith(clientContext,'c')
`;
