# AutoPass (MIT licence). Use it as include(autopass/autopass.cmake) before the first target of CMakeLists.txt, or
# without any edit as -DCMAKE_PROJECT_INCLUDE=<this file>. It brings the launcher's plans in line with autopass.lock
# and puts the launcher before compilers, linkers and archivers. A changed lock or tuned source configures again.

if(CMAKE_HOST_WIN32)
  message(STATUS "autopass: Windows builds pass through untouched")
  return()
endif()

get_property(_autopass_state GLOBAL PROPERTY AUTOPASS_STATE)
if(NOT _autopass_state)
  if(NOT AUTOPASS_NODE OR NOT EXISTS "${AUTOPASS_NODE}")
    unset(AUTOPASS_NODE CACHE)
    find_program(AUTOPASS_NODE NAMES node nodejs HINTS ENV NODE)
    mark_as_advanced(AUTOPASS_NODE)
  endif()
  if(NOT AUTOPASS_NODE)
    message(STATUS "autopass: node was not found; everything builds as stock")
    return()
  endif()
  execute_process(
    COMMAND "${AUTOPASS_NODE}" "${CMAKE_CURRENT_LIST_DIR}/apply.mjs" sync cmake "${CMAKE_SOURCE_DIR}"
    OUTPUT_VARIABLE _autopass_inputs
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT _autopass_inputs)
    return()
  endif()
  list(GET _autopass_inputs 0 _autopass_state)
  list(REMOVE_AT _autopass_inputs 0)
  set_property(GLOBAL PROPERTY AUTOPASS_STATE "${_autopass_state}")
  if(_autopass_inputs)
    set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${_autopass_inputs})
  endif()
  # Also notices a lock or a profile that appears or disappears.
  file(GLOB _autopass_lock CONFIGURE_DEPENDS
    "${_autopass_state}/../../autopass.lock" "${_autopass_state}/../../autopass.profiles/*.profdata")

  # Makefiles do not compile again because the launcher changed, so objects made without it have to go.
  if(NOT "${AUTOPASS_HOOKED}" STREQUAL "${CMAKE_CURRENT_LIST_DIR}")
    file(GLOB_RECURSE _autopass_objects "${CMAKE_BINARY_DIR}/*.o")
    foreach(_autopass_object IN LISTS _autopass_objects)
      if(_autopass_object MATCHES "/CMakeFiles/[^/]+\\.dir/")
        file(REMOVE "${_autopass_object}")
      endif()
    endforeach()
    set(AUTOPASS_HOOKED "${CMAKE_CURRENT_LIST_DIR}" CACHE INTERNAL "Where AutoPass's launcher is")
  endif()

  # The rule launcher, because it covers archives too, which the linker launcher variables do not.
  get_property(_autopass_rule GLOBAL PROPERTY RULE_LAUNCH_LINK)
  set_property(GLOBAL PROPERTY RULE_LAUNCH_LINK
    "sh '${CMAKE_CURRENT_LIST_DIR}/launch' '--state=${_autopass_state}' ${_autopass_rule}")
endif()

foreach(_autopass_language C CXX)
  if(NOT "${CMAKE_${_autopass_language}_COMPILER_LAUNCHER}" MATCHES "--state=")
    set(CMAKE_${_autopass_language}_COMPILER_LAUNCHER
      sh "${CMAKE_CURRENT_LIST_DIR}/launch" "--state=${_autopass_state}" ${CMAKE_${_autopass_language}_COMPILER_LAUNCHER})
  endif()
endforeach()
