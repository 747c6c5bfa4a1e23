// Code generated from crds/*.yaml by crds/src/generate/types.ts. DO NOT EDIT.
import type { StructuralSchema } from '../structural-schema.ts';

export type KindWithSchema = 'AgentPolicy' | 'MaskingRule' | 'ApprovalRequest';

export const schemas: Readonly<
  Record<KindWithSchema, { readonly spec: StructuralSchema; readonly status: StructuralSchema }>
> = {
  AgentPolicy: {
    "spec": {
      "type": "object",
      "required": [
        "subjects",
        "rules"
      ],
      "properties": {
        "mode": {
          "type": "string",
          "enum": [
            "Enforce",
            "DryRun"
          ],
          "default": "Enforce"
        },
        "expiresAt": {
          "type": "string",
          "format": "date-time",
          "maxLength": 64
        },
        "subjects": {
          "type": "array",
          "minItems": 1,
          "maxItems": 128,
          "x-kubernetes-list-type": "atomic",
          "items": {
            "type": "object",
            "required": [
              "kind",
              "name"
            ],
            "properties": {
              "kind": {
                "type": "string",
                "enum": [
                  "User",
                  "Group",
                  "ServiceAccount"
                ]
              },
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 512,
                "pattern": "^[^\\s\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]([^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]*[^\\s\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}])?$"
              },
              "namespace": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              }
            }
          }
        },
        "matchConditions": {
          "type": "array",
          "maxItems": 16,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "name"
          ],
          "items": {
            "type": "object",
            "required": [
              "name",
              "expression"
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
              },
              "expression": {
                "type": "string",
                "minLength": 1,
                "maxLength": 4096
              }
            }
          }
        },
        "rules": {
          "type": "array",
          "minItems": 1,
          "maxItems": 128,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "name"
          ],
          "items": {
            "type": "object",
            "required": [
              "name",
              "action",
              "verbs"
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              },
              "action": {
                "type": "string",
                "enum": [
                  "Allow",
                  "Deny",
                  "RequireApproval"
                ]
              },
              "verbs": {
                "type": "array",
                "minItems": 1,
                "maxItems": 16,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "maxLength": 32,
                  "enum": [
                    "*",
                    "get",
                    "list",
                    "watch",
                    "create",
                    "update",
                    "patch",
                    "delete",
                    "deletecollection",
                    "bind",
                    "escalate",
                    "impersonate",
                    "head",
                    "post",
                    "put",
                    "options"
                  ]
                }
              },
              "apiGroups": {
                "type": "array",
                "minItems": 1,
                "maxItems": 32,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "maxLength": 253
                }
              },
              "resources": {
                "type": "array",
                "minItems": 1,
                "maxItems": 64,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 128
                }
              },
              "resourceNames": {
                "type": "array",
                "maxItems": 128,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253
                }
              },
              "nonResourceURLs": {
                "type": "array",
                "minItems": 1,
                "maxItems": 32,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 253
                }
              },
              "namespaces": {
                "type": "array",
                "minItems": 1,
                "maxItems": 128,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 63
                }
              },
              "namespaceSelector": {
                "type": "object",
                "x-kubernetes-map-type": "atomic",
                "properties": {
                  "matchLabels": {
                    "type": "object",
                    "maxProperties": 32,
                    "additionalProperties": {
                      "type": "string",
                      "maxLength": 63,
                      "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
                    }
                  },
                  "matchExpressions": {
                    "type": "array",
                    "maxItems": 32,
                    "x-kubernetes-list-type": "atomic",
                    "items": {
                      "type": "object",
                      "required": [
                        "key",
                        "operator"
                      ],
                      "properties": {
                        "key": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 317,
                          "pattern": "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
                        },
                        "operator": {
                          "type": "string",
                          "enum": [
                            "In",
                            "NotIn",
                            "Exists",
                            "DoesNotExist"
                          ]
                        },
                        "values": {
                          "type": "array",
                          "maxItems": 32,
                          "x-kubernetes-list-type": "atomic",
                          "items": {
                            "type": "string",
                            "maxLength": 63,
                            "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
                          }
                        }
                      }
                    }
                  }
                }
              },
              "objectSelector": {
                "type": "object",
                "x-kubernetes-map-type": "atomic",
                "properties": {
                  "matchLabels": {
                    "type": "object",
                    "maxProperties": 32,
                    "additionalProperties": {
                      "type": "string",
                      "maxLength": 63,
                      "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
                    }
                  },
                  "matchExpressions": {
                    "type": "array",
                    "maxItems": 32,
                    "x-kubernetes-list-type": "atomic",
                    "items": {
                      "type": "object",
                      "required": [
                        "key",
                        "operator"
                      ],
                      "properties": {
                        "key": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 317,
                          "pattern": "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
                        },
                        "operator": {
                          "type": "string",
                          "enum": [
                            "In",
                            "NotIn",
                            "Exists",
                            "DoesNotExist"
                          ]
                        },
                        "values": {
                          "type": "array",
                          "maxItems": 32,
                          "x-kubernetes-list-type": "atomic",
                          "items": {
                            "type": "string",
                            "maxLength": 63,
                            "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
                          }
                        }
                      }
                    }
                  }
                }
              },
              "conditions": {
                "type": "array",
                "maxItems": 16,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": [
                  "name"
                ],
                "items": {
                  "type": "object",
                  "required": [
                    "name",
                    "expression"
                  ],
                  "properties": {
                    "name": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 63,
                      "pattern": "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
                    },
                    "expression": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 4096
                    }
                  }
                }
              },
              "reason": {
                "type": "string",
                "minLength": 1,
                "maxLength": 512,
                "pattern": "^[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]*$"
              },
              "auditLevel": {
                "type": "string",
                "enum": [
                  "None",
                  "Metadata",
                  "Request",
                  "RequestResponse"
                ]
              },
              "sessions": {
                "type": "string",
                "enum": [
                  "Full",
                  "Metadata"
                ]
              },
              "approval": {
                "type": "object",
                "required": [
                  "reviewers"
                ],
                "properties": {
                  "reviewers": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 32,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": [
                      "kind",
                      "name"
                    ],
                    "items": {
                      "type": "object",
                      "required": [
                        "kind",
                        "name"
                      ],
                      "properties": {
                        "kind": {
                          "type": "string",
                          "enum": [
                            "User",
                            "Group"
                          ]
                        },
                        "name": {
                          "type": "string",
                          "minLength": 1,
                          "maxLength": 512,
                          "pattern": "^[^\\s\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]([^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]*[^\\s\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}])?$"
                        }
                      }
                    }
                  },
                  "required": {
                    "type": "integer",
                    "format": "int32",
                    "minimum": 1,
                    "maximum": 16,
                    "default": 1
                  },
                  "holdFor": {
                    "type": "string",
                    "minLength": 2,
                    "maxLength": 24,
                    "default": "45s"
                  },
                  "autoRetry": {
                    "type": "boolean",
                    "default": true
                  },
                  "expiresAfter": {
                    "type": "string",
                    "minLength": 2,
                    "maxLength": 24,
                    "default": "30m"
                  },
                  "onPreviewFailure": {
                    "type": "string",
                    "enum": [
                      "Deny",
                      "Proceed"
                    ],
                    "default": "Deny"
                  }
                }
              }
            }
          }
        }
      }
    },
    "status": {
      "type": "object",
      "properties": {
        "observedGeneration": {
          "type": "integer",
          "format": "int64",
          "minimum": 0
        },
        "revision": {
          "type": "string",
          "maxLength": 64,
          "pattern": "^[0-9a-f]{64}$"
        },
        "conditions": {
          "type": "array",
          "maxItems": 16,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "type"
          ],
          "items": {
            "type": "object",
            "required": [
              "type",
              "status",
              "observedGeneration",
              "lastTransitionTime",
              "reason",
              "message"
            ],
            "properties": {
              "type": {
                "type": "string",
                "minLength": 1,
                "maxLength": 316,
                "pattern": "^[A-Z][A-Za-z0-9]*$"
              },
              "status": {
                "type": "string",
                "enum": [
                  "True",
                  "False",
                  "Unknown"
                ]
              },
              "observedGeneration": {
                "type": "integer",
                "format": "int64",
                "minimum": 0
              },
              "lastTransitionTime": {
                "type": "string",
                "format": "date-time",
                "maxLength": 64
              },
              "reason": {
                "type": "string",
                "minLength": 1,
                "maxLength": 128,
                "pattern": "^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9_])?$"
              },
              "message": {
                "type": "string",
                "maxLength": 32768
              }
            }
          }
        }
      }
    }
  },
  MaskingRule: {
    "spec": {
      "type": "object",
      "properties": {
        "match": {
          "type": "object",
          "properties": {
            "apiGroups": {
              "type": "array",
              "minItems": 1,
              "maxItems": 32,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "maxLength": 253
              }
            },
            "resources": {
              "type": "array",
              "minItems": 1,
              "maxItems": 64,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 128
              }
            },
            "namespaces": {
              "type": "array",
              "minItems": 1,
              "maxItems": 128,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63
              }
            },
            "subjects": {
              "type": "array",
              "minItems": 1,
              "maxItems": 128,
              "x-kubernetes-list-type": "atomic",
              "items": {
                "type": "object",
                "required": [
                  "kind",
                  "name"
                ],
                "properties": {
                  "kind": {
                    "type": "string",
                    "enum": [
                      "User",
                      "Group",
                      "ServiceAccount"
                    ]
                  },
                  "name": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 512,
                    "pattern": "^[^\\s\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]([^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]*[^\\s\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}])?$"
                  },
                  "namespace": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 63,
                    "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
                  }
                }
              }
            }
          }
        },
        "fields": {
          "type": "array",
          "minItems": 1,
          "maxItems": 128,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 512
          }
        },
        "patterns": {
          "type": "array",
          "minItems": 1,
          "maxItems": 64,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "name"
          ],
          "items": {
            "type": "object",
            "required": [
              "name",
              "regex"
            ],
            "properties": {
              "name": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              },
              "regex": {
                "type": "string",
                "minLength": 1,
                "maxLength": 1024
              }
            }
          }
        },
        "detectors": {
          "type": "array",
          "minItems": 1,
          "maxItems": 16,
          "x-kubernetes-list-type": "set",
          "items": {
            "type": "string",
            "maxLength": 32,
            "enum": [
              "PrivateKey",
              "JWT",
              "CloudToken",
              "ForgeToken",
              "ConnectionString"
            ]
          }
        },
        "replacement": {
          "type": "string",
          "enum": [
            "Redact",
            "Fingerprint"
          ],
          "default": "Redact"
        },
        "targets": {
          "type": "array",
          "minItems": 1,
          "maxItems": 2,
          "x-kubernetes-list-type": "set",
          "default": [
            "Audit"
          ],
          "items": {
            "type": "string",
            "maxLength": 32,
            "enum": [
              "Audit",
              "Response"
            ]
          }
        },
        "writeBack": {
          "type": "string",
          "enum": [
            "Refuse"
          ],
          "default": "Refuse"
        }
      }
    },
    "status": {
      "type": "object",
      "properties": {
        "observedGeneration": {
          "type": "integer",
          "format": "int64",
          "minimum": 0
        },
        "revision": {
          "type": "string",
          "maxLength": 64,
          "pattern": "^[0-9a-f]{64}$"
        },
        "conditions": {
          "type": "array",
          "maxItems": 16,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "type"
          ],
          "items": {
            "type": "object",
            "required": [
              "type",
              "status",
              "observedGeneration",
              "lastTransitionTime",
              "reason",
              "message"
            ],
            "properties": {
              "type": {
                "type": "string",
                "minLength": 1,
                "maxLength": 316,
                "pattern": "^[A-Z][A-Za-z0-9]*$"
              },
              "status": {
                "type": "string",
                "enum": [
                  "True",
                  "False",
                  "Unknown"
                ]
              },
              "observedGeneration": {
                "type": "integer",
                "format": "int64",
                "minimum": 0
              },
              "lastTransitionTime": {
                "type": "string",
                "format": "date-time",
                "maxLength": 64
              },
              "reason": {
                "type": "string",
                "minLength": 1,
                "maxLength": 128,
                "pattern": "^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9_])?$"
              },
              "message": {
                "type": "string",
                "maxLength": 32768
              }
            }
          }
        }
      }
    }
  },
  ApprovalRequest: {
    "spec": {
      "type": "object",
      "required": [
        "requester",
        "request",
        "digest",
        "requirements",
        "expiresAt",
        "auditID"
      ],
      "properties": {
        "requester": {
          "type": "object",
          "required": [
            "username"
          ],
          "properties": {
            "username": {
              "type": "string",
              "minLength": 1,
              "maxLength": 512
            },
            "uid": {
              "type": "string",
              "maxLength": 512
            },
            "groups": {
              "type": "array",
              "maxItems": 256,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 512
              }
            },
            "extra": {
              "type": "object",
              "maxProperties": 64,
              "additionalProperties": {
                "type": "array",
                "maxItems": 32,
                "x-kubernetes-list-type": "atomic",
                "items": {
                  "type": "string",
                  "maxLength": 1024
                }
              }
            },
            "owner": {
              "type": "string",
              "minLength": 1,
              "maxLength": 512
            }
          }
        },
        "request": {
          "type": "object",
          "required": [
            "verb",
            "path"
          ],
          "properties": {
            "verb": {
              "type": "string",
              "minLength": 1,
              "maxLength": 32,
              "pattern": "^[a-z]+$"
            },
            "apiGroup": {
              "type": "string",
              "maxLength": 253
            },
            "apiVersion": {
              "type": "string",
              "maxLength": 63
            },
            "resource": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253
            },
            "subresource": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253
            },
            "namespace": {
              "type": "string",
              "minLength": 1,
              "maxLength": 63
            },
            "name": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253
            },
            "path": {
              "type": "string",
              "minLength": 1,
              "maxLength": 8192
            },
            "command": {
              "type": "array",
              "maxItems": 256,
              "x-kubernetes-list-type": "atomic",
              "items": {
                "type": "string",
                "maxLength": 4096
              }
            },
            "userAgent": {
              "type": "string",
              "maxLength": 1024
            }
          }
        },
        "target": {
          "type": "object",
          "properties": {
            "uid": {
              "type": "string",
              "minLength": 1,
              "maxLength": 128
            },
            "hash": {
              "type": "string",
              "maxLength": 64,
              "pattern": "^[0-9a-f]{64}$"
            },
            "uids": {
              "type": "array",
              "maxItems": 1024,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "minLength": 1,
                "maxLength": 128
              }
            }
          }
        },
        "change": {
          "type": "object",
          "properties": {
            "object": {
              "type": "string",
              "maxLength": 65536
            },
            "objectTruncated": {
              "type": "boolean"
            },
            "diff": {
              "type": "string",
              "maxLength": 65536
            },
            "diffTruncated": {
              "type": "boolean"
            },
            "previewFailure": {
              "type": "string",
              "minLength": 1,
              "maxLength": 1024
            }
          }
        },
        "digest": {
          "type": "string",
          "maxLength": 64,
          "pattern": "^[0-9a-f]{64}$"
        },
        "requirements": {
          "type": "array",
          "minItems": 1,
          "maxItems": 32,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "policy",
            "rule"
          ],
          "items": {
            "type": "object",
            "required": [
              "policy",
              "rule",
              "revision",
              "reviewers",
              "required"
            ],
            "properties": {
              "policy": {
                "type": "string",
                "minLength": 1,
                "maxLength": 253
              },
              "rule": {
                "type": "string",
                "minLength": 1,
                "maxLength": 63
              },
              "revision": {
                "type": "string",
                "maxLength": 64,
                "pattern": "^[0-9a-f]{64}$"
              },
              "reviewers": {
                "type": "array",
                "minItems": 1,
                "maxItems": 32,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": [
                  "kind",
                  "name"
                ],
                "items": {
                  "type": "object",
                  "required": [
                    "kind",
                    "name"
                  ],
                  "properties": {
                    "kind": {
                      "type": "string",
                      "enum": [
                        "User",
                        "Group"
                      ]
                    },
                    "name": {
                      "type": "string",
                      "minLength": 1,
                      "maxLength": 512,
                      "pattern": "^[^\\s\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]([^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]*[^\\s\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}])?$"
                    }
                  }
                }
              },
              "required": {
                "type": "integer",
                "format": "int32",
                "minimum": 1,
                "maximum": 16
              }
            }
          }
        },
        "expiresAt": {
          "type": "string",
          "format": "date-time",
          "maxLength": 64
        },
        "auditID": {
          "type": "string",
          "minLength": 1,
          "maxLength": 128
        },
        "run": {
          "type": "string",
          "minLength": 1,
          "maxLength": 1024
        }
      }
    },
    "status": {
      "type": "object",
      "properties": {
        "observedGeneration": {
          "type": "integer",
          "format": "int64",
          "minimum": 0
        },
        "decisions": {
          "type": "object",
          "maxProperties": 64,
          "additionalProperties": {
            "type": "object",
            "required": [
              "verdict"
            ],
            "properties": {
              "verdict": {
                "type": "string",
                "enum": [
                  "Approved",
                  "Denied"
                ]
              },
              "reason": {
                "type": "string",
                "maxLength": 1024,
                "pattern": "^([\\t\\n]|[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}])*$"
              },
              "requirements": {
                "type": "array",
                "minItems": 1,
                "maxItems": 32,
                "x-kubernetes-list-type": "set",
                "items": {
                  "type": "string",
                  "minLength": 3,
                  "maxLength": 317,
                  "pattern": "^[^/]+/[^/]+$"
                }
              }
            }
          }
        },
        "observedDecisions": {
          "type": "object",
          "maxProperties": 64,
          "additionalProperties": {
            "type": "object",
            "required": [
              "time",
              "standing"
            ],
            "properties": {
              "time": {
                "type": "string",
                "format": "date-time",
                "maxLength": 64
              },
              "standing": {
                "type": "string",
                "enum": [
                  "Counted",
                  "Late",
                  "Unverified"
                ]
              }
            }
          }
        },
        "consumed": {
          "type": "object",
          "required": [
            "auditID",
            "replica",
            "time"
          ],
          "properties": {
            "auditID": {
              "type": "string",
              "minLength": 1,
              "maxLength": 128
            },
            "replica": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253
            },
            "time": {
              "type": "string",
              "format": "date-time",
              "maxLength": 64
            }
          }
        },
        "voided": {
          "type": "object",
          "required": [
            "reason",
            "replica",
            "time"
          ],
          "properties": {
            "reason": {
              "type": "string",
              "enum": [
                "TargetChanged",
                "TargetGone",
                "PolicyChanged"
              ]
            },
            "message": {
              "type": "string",
              "maxLength": 1024,
              "pattern": "^[^\\x00-\\x08\\x0b-\\x1f\\x7f]*$"
            },
            "auditID": {
              "type": "string",
              "minLength": 1,
              "maxLength": 128
            },
            "replica": {
              "type": "string",
              "minLength": 1,
              "maxLength": 253
            },
            "time": {
              "type": "string",
              "format": "date-time",
              "maxLength": 64
            }
          }
        },
        "outcome": {
          "type": "object",
          "required": [
            "code",
            "time"
          ],
          "properties": {
            "code": {
              "type": "integer",
              "format": "int32",
              "minimum": 100,
              "maximum": 599
            },
            "time": {
              "type": "string",
              "format": "date-time",
              "maxLength": 64
            }
          }
        },
        "conditions": {
          "type": "array",
          "maxItems": 16,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "type"
          ],
          "items": {
            "type": "object",
            "required": [
              "type",
              "status",
              "observedGeneration",
              "lastTransitionTime",
              "reason",
              "message"
            ],
            "properties": {
              "type": {
                "type": "string",
                "minLength": 1,
                "maxLength": 316,
                "pattern": "^[A-Z][A-Za-z0-9]*$"
              },
              "status": {
                "type": "string",
                "enum": [
                  "True",
                  "False",
                  "Unknown"
                ]
              },
              "observedGeneration": {
                "type": "integer",
                "format": "int64",
                "minimum": 0
              },
              "lastTransitionTime": {
                "type": "string",
                "format": "date-time",
                "maxLength": 64
              },
              "reason": {
                "type": "string",
                "minLength": 1,
                "maxLength": 128,
                "pattern": "^[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9_])?$"
              },
              "message": {
                "type": "string",
                "maxLength": 32768
              }
            }
          }
        }
      }
    }
  },
};
