/** Filters of the language that are not served: unsupportedFilter. The mark ¦ stands before the place that is told. */
export const RECOGNISED = `
¦status gt 'Running'
¦'Running' le status
¦enforcement/state lt 'released'
states/any(s:¦s/status ge 'Failed')
¦true gt false
(¦name eq 'a') lt true
status eq ¦microsoft.graph.operationStatus'Running,Failed'
status has ¦'Running,Failed'
status in (¦microsoft.graph.operationStatus'Running,Failed')
¦null in (null)
¦null in ('a','b')
name in ¦parameters
name in ¦'a'
status in ('Running') ¦eq true
name in ¦user
name in ¦(user)
name in ¦concat('a','b')
true and name in ¦(user) and true
errorInfo/code eq ¦1 add 2
errorInfo/code eq ¦errorInfo/subcode sub 1
¦errorInfo/code mul 2 eq 4
¦errorInfo/code div 2 eq 2
¦errorInfo/code divby 2 eq 2
year(createdDateTime) eq ¦2026 mod 4
¦length(name) ADD 1 eq 4
(¦1 add 2) mul 3 eq 9
createdDateTime gt ¦now() sub 1
errorInfo/code eq ¦- 1
¦-errorInfo/code eq 1
¦-(errorInfo/code) eq 1
¦- length(name) eq 1
¦-10:00 lt 11:00
¦$it/name eq 'a'
¦$it eq null
¦$it/name/ eq 'a'
¦$root/f()/ eq 'a'
¦$this eq 'a'
¦$root/security/securityActions eq null
¦$root/People/$count gt 1
¦$root/f(a=1)/b eq 1
name eq ¦@name
¦@p eq 1
¦@p/name eq 1
parameters/¦$count gt 1
states/¦$count eq 2
parameters/¦$filter(name eq 'a')/$count gt 1
¦parameters eq null
¦parameters/name eq 'IP'
¦states/status eq 'Running'
name¦/ eq 'a'
errorInfo/code¦/ eq 1
¦time(createdDateTime) eq 10:00
¦time(createdDateTime) lt 10:00:00.5
¦fractionalseconds(createdDateTime) eq 0.5
¦totaloffsetminutes(createdDateTime) eq 0
totalseconds(¦duration'PT1H') eq 3600
createdDateTime gt ¦mindatetime()
createdDateTime lt ¦maxdatetime()
¦round(errorInfo/code) eq 1
¦floor(errorInfo/code) eq 1
¦ceiling(errorInfo/code) eq 1
¦matchespattern(name,'^a')
¦matchesPattern(name,'^a') eq true
¦hassubset(parameters,parameters)
¦hassubsequence(states,states)
¦case(true:1,false:2) eq 1
¦case(name eq 'a':true)
¦duration'P1D' eq duration'PT24H'
¦duration'-P1DT2H3M4.5S' lt duration'PT0S'
¦DURATION'PT1H' eq null
¦binary'AA' eq null
¦binary'AAEC' eq binary'AAEC'
¦binary'' eq null
¦cast(name,Edm.String) eq 'a'
¦isof(name,Edm.String)
¦isof(Edm.String)
¦microsoft.graph.securityAction/name eq 'a'
name/¦x.y(a=1) eq 1
¦geo.length(name) lt 3
¦geo.distance(name,user) lt 3
¦geography'SRID=0;Point(1 2)' eq null
¦[1,2] eq null
¦{"a":1} eq null
name in ¦["a","b"]
¦isBlocked() eq true
¦isBlocked(target='a',since=2026-01-01) eq true
¦ns.isBlocked(target=@t) eq true
¦now()/x eq 1
¦now(a=1) eq 1
¦1 add in in (1) ge true in (true,false) has 'a'
¦contains() eq true
parameters/¦first(x=1) eq 1
¦@Core.Description eq 'a'
name/¦@Core.Description eq 'a'
parameters/any(p:¦parameters/any(p:p/name eq 'x'))
states/any(s:¦parameters/any(s:s/name eq 'x'))
parameters/all(p:p/name eq 'IP' and ¦states/any(s:s/user eq p/value))
`;
