/** Filters that name nothing, or in which types do not go together: invalidFilter. The mark ¦ is before the place. */
export const INVALID_NAMES = `
¦nam eq 'a'
¦not eq 1
¦not in ('a')
not ¦eq eq 'a'
¦not eq eq
(¦not )
¦in in ('a')
¦any eq 1
¦Name eq 'a'
¦STATUS eq 'Running'
¦provider eq 'x'
¦target eq 'ip:203.0.113.9'
¦code eq 1
¦state eq 'inForce'
¦errorInfo eq null
¦errorInfo/Code eq 1
¦errorInfo/code/x eq 1
¦errorInfo/cod eq 1
¦enforcement eq null
¦enforcement/stat eq 'inForce'
¦enforcement/verification eq 'x'
¦vendorInformation eq null
¦vendorInformation/name eq 'x'
¦createdDateTime/x eq 1
¦name/length eq 1
¦incident eq 1
¦toString eq 1
¦__proto__ eq 1
¦constructor eq 1
¦größe eq 1
¦param/any(p:p/name eq 'a')
¦name/any(x:x eq 1)
¦errorInfo/any(x:x eq 1)
¦parameters/x/any(p:true)
parameters/any(p:¦p eq 'a')
parameters/any(p:¦p/nam eq 'a')
parameters/any(p:¦p/name/x eq 'a')
parameters/any(p:¦q/name eq 'a')
parameters/any(p:¦p/status eq 'Running')
states/any(s:¦s/name eq 'a')
states/any(s:¦s/updated eq null)
parameters/any(p:true) and ¦p/name eq 'a'
createdDateTime ge ¦now
¦length gt 3
name eq ¦NULL
name eq ¦nil
name eq ¦undefined
name eq ¦Running
name eq ¦yes
status eq ¦5
¦5 eq status
status eq ¦'Runing'
status eq ¦'Running '
status eq ¦''
status eq ¦'9'
status eq ¦'-1'
status eq ¦Runing
status eq ¦'Running,Failed'
status eq ¦true
status eq ¦enforcement/state
status eq ¦name
status eq ¦2026-01-01
status eq ¦interdict.enforcementState'inForce'
status eq ¦microsoft.graph.operationState'Running'
status eq ¦microsoft.graph.operationStatus'Done'
status has ¦interdict.enforcementState'inForce'
status has ¦'Done'
¦name has 'a'
¦errorInfo/code has '1'
status in (¦'Runing')
status in ('Running',¦'inForce')
status in ('Running',¦5)
enforcement/state eq ¦'Running'
enforcement/state eq ¦'inforced'
states/any(s:s/status eq ¦'Done')
name eq ¦5
¦5 eq name
name eq ¦true
name eq ¦2026-01-01
name eq ¦2026-01-01T00:00:00Z
name eq ¦errorInfo/code
name eq (¦user eq 'a')
name lt ¦5
name in (¦1)
name in ('a',¦1)
name in ('a',null,¦true)
name eq ¦microsoft.graph.operationStatus'Running'
id eq ¦1111
id eq ¦5
errorInfo/code eq ¦'5'
¦'5' eq errorInfo/code
errorInfo/code eq ¦true
errorInfo/code eq ¦name
errorInfo/code eq ¦11111111-1111-1111-1111-111111111111
errorInfo/code in (1,¦'2')
createdDateTime ge ¦2026-01-01
createdDateTime ge ¦'2026-01-01T00:00:00Z'
createdDateTime ge ¦5
createdDateTime ge ¦10:00
createdDateTime ge ¦date(now())
createdDateTime ge ¦name
createdDateTime in (¦2026-01-01)
¦'2026-01-01T00:00:00Z' le createdDateTime
date(createdDateTime) eq ¦2026-01-01T00:00:00Z
date(createdDateTime) eq ¦'2026-01-01'
date(createdDateTime) eq ¦createdDateTime
year(createdDateTime) eq ¦'2026'
hour(createdDateTime) eq ¦10:00
'a' eq ¦5
true eq ¦1
¦1
¦'a'
¦name
¦status
¦createdDateTime
¦2026-01-01
¦length(name)
¦now()
¦Running
(¦name)
not ¦name
not ¦1
not ¦'a'
not ¦length(name)
true and ¦name
¦name or true
true and (¦1)
true or not ¦user
parameters/any(p:¦p/name)
parameters/all(p:¦'a')
contains(¦5,'a')
contains(name,¦5)
contains(name,¦true)
contains(¦status,'Run')
contains(¦createdDateTime,'2026')
startswith(name,¦errorInfo/code)
tolower(¦status) eq 'running'
length(¦5) eq 1
length(¦createdDateTime) eq 1
indexof(name,¦1) eq 1
substring(name,¦'1') eq 'a'
substring(¦1,1) eq 'a'
substring(name,1,¦name) eq 'a'
concat(name,¦1) eq 'a'
trim(¦null eq null) eq 'a'
year(¦name) eq 2026
year(¦'2026-01-01') eq 2026
year(¦10:00) eq 2026
hour(¦2026-01-01) eq 1
date(¦name) eq 2026-01-01
date(¦10:00) eq 2026-01-01
contains(name,'a') eq ¦'true'
contains(name,'a') eq ¦1
`;
