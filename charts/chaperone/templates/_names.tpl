{{/* Labels of every object of the release; the argument is the root context. */}}
{{- define "chaperone.labels" -}}
app.kubernetes.io/name: chaperone
app.kubernetes.io/part-of: chaperone
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* What stands between @ signs in files/admission. The operator fills the same words in when it compares. */}}
{{- define "chaperone.admission" -}}
{{- $groups := list }}
{{- range .root.Values.breakGlassGroups }}{{ $groups = append $groups (printf "'%s'" .) }}{{ end -}}
{{- .text
  | replace "@namespace@" .root.Release.Namespace
  | replace "@operator@" .root.Values.operator.serviceAccount.name
  | replace "@proxy@" .root.Values.proxy.serviceAccount.name
  | replace "@breakGlassGroups@" (printf "[%s]" (join ", " $groups)) }}
{{- end }}

{{/* The verbs by which calls are made for others in one mode of constrained impersonation, on resources. */}}
{{- define "chaperone.impersonateOn" -}}
{{- $verbs := list }}
{{- range $verb := list "get" "list" "watch" "create" "update" "patch" "delete" "deletecollection" }}
{{- $verbs = append $verbs (printf "impersonate-on:%s:%s" $ $verb) }}
{{- end }}
{{- toJson $verbs }}
{{- end }}

{{/* The same for paths that are no resources. */}}
{{- define "chaperone.impersonateOnPaths" -}}
{{- $verbs := list }}
{{- range $verb := list "get" "head" "post" "put" "patch" "delete" "options" }}
{{- $verbs = append $verbs (printf "impersonate-on:%s:%s" $ $verb) }}
{{- end }}
{{- toJson $verbs }}
{{- end }}

{{/* Discovery, as system:discovery has it, for clusters that took that role from authenticated users. */}}
{{- define "chaperone.discoveryPaths" -}}
["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", "/version", "/version/"]
{{- end }}
