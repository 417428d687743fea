# AutoPass (MIT licence): a target that builds nothing. Targets that depend on it load autopass.mk when make reads
# their flags. Only the make generator has such a moment; everywhere else this changes nothing.
{
  "targets": [
    {
      "target_name": "autopass",
      "type": "none",
      "conditions": [
        ["OS in ('linux', 'mac') and GENERATOR == 'make'", {
          "variables": {"autopass_cflags": "<!(node -p \"require('./index.cjs').cflags\")"},
          "direct_dependent_settings": {
            "cflags": ["<(autopass_cflags)"],
            "xcode_settings": {"OTHER_CFLAGS": ["<(autopass_cflags)"]}
          }
        }]
      ]
    }
  ]
}
