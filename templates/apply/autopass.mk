# AutoPass (MIT licence). Read while make reads its makefiles, before it looks at any object: brings the launcher's
# plans in line with autopass.lock, then puts the launcher before the compilers and the archiver.
ifndef autopass.synced
autopass.synced := yes
autopass.state := $(shell n='$(autopass.node)'; [ -x "$$n" ] || n=node; "$$n" '$(autopass.apply)/apply.mjs' sync make '$(CURDIR)')
ifneq ($(autopass.state),)
autopass.launch := sh '$(autopass.apply)/launch' '--state=$(autopass.state)'
CC.target := $(autopass.launch) $(CC.target)
CXX.target := $(autopass.launch) $(CXX.target)
AR.target := $(autopass.launch) $(AR.target)
endif
endif
