# How tests are run beside one another. Regular expressions on ctest's names. Read twice: by tests/CMakeLists.txt for the tests of
# the command line, and by ctest itself for those of Catch2, whose names are only known then.

# Depends on time, or on how the machine schedules threads and processes, although none judges by either: the label `timing`.
# tests/run.sh --shake repeats these beside load.
set(FINDME_TIMING
  "^cli: (health|health_service|restart|shared|signals|watch|cron|logging|start): "
  "^cli: adoption: .*(stopped|use)" "^cli: migrate: .*(once|killed)" "^cli: index: .*(two runs|lock|interrupt|resume)"
  "^cli: (users|tokens|passwords|secrets): .*(process|once|wrong|login|terminal|argument)"
  "^(run lock|health server|health probe): " "^image: a HEIC file of billions" "^pool: with size 2" "^migrate: whoever waits"
  "^retry: of two" "^sqlite: a held lock" "^password: no more are computed" "^workspace pool: no more")

# Has many processes or a server of its own: it takes two of the four places that there are on two cores.
set(FINDME_CROWDS
  "^cli: (restart|shared|crowd|doctor_server|roles): " "^cli: signals: .*kill"
  "^cli: (users|tokens): .*(processes|wrong)" "^cli: index: .*two runs"
  "^cli: migrate: .*(once|killed)" "^cli: adoption: .*(stopped|use)"
  "^cli: health: .*(stops|hangs)" "^cli: health_service: .*two hundred" "^cli: watch: .*away" "^cli: logging: .*goes away"
  "^accounts: (of many|wrong passwords)" "^tokens: of sixteen" "^audit: writers" "^password: no more are computed"
  "^schema: eight" "^sqlite: eight" "^migrate: several at once" "^(run lock|lock): of many" "^shared: four runs")

# What takes longest begins first, so that no core waits at the end. Seconds, roughly.
set(FINDME_LONG
  "60=^cli: doctor: .*(orphan|rows)" "40=^cli: (restart|shared|signals|adoption|migrate): "
  "30=^cli: (users|doctor|doctor_server|health|health_service|watch): "
  "20=^(regress|evaluation|damage|networks)" "15=^cli: (install|cron|docker|index): " "10=^(recogniser|accounts|jpeg)")

# findme_schedule(TEST LABEL...): its labels, with what the lists above add.
function(findme_schedule name)
  set(labels ${ARGN})
  foreach(pattern IN LISTS FINDME_TIMING)
    if("${name}" MATCHES "${pattern}")
      list(APPEND labels timing)
      break()
    endif()
  endforeach()
  set_tests_properties("${name}" PROPERTIES LABELS "${labels}")
  foreach(pattern IN LISTS FINDME_CROWDS)
    if("${name}" MATCHES "${pattern}")
      set_tests_properties("${name}" PROPERTIES PROCESSORS 2)
      break()
    endif()
  endforeach()
  foreach(entry IN LISTS FINDME_LONG)
    string(REGEX MATCH "^([0-9]+)=(.*)$" entry "${entry}")
    set(seconds "${CMAKE_MATCH_1}")
    if("${name}" MATCHES "${CMAKE_MATCH_2}")
      set_tests_properties("${name}" PROPERTIES COST "${seconds}")
      break()
    endif()
  endforeach()
endfunction()
