# Warnings, sanitizers and the banned calls, for everything that is ours.
function(tocsin_compile_options target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/daemon)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE TOCSIN_VERSION="${PROJECT_VERSION}")
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wconversion -fno-common
    $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>
    -include ${CMAKE_SOURCE_DIR}/daemon/base/banned.h)
  if(TOCSIN_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(TOCSIN_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${TOCSIN_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${TOCSIN_SANITIZE})
    if(TOCSIN_SANITIZE MATCHES undefined)
      target_compile_options(${target} PRIVATE -fno-sanitize-recover=all)
    endif()
  endif()
endfunction()

# room(NAME [ROOMS lower rooms…] [LIBS system libraries…]): every .c file of daemon/NAME.
# A room without files yet is an empty interface, so that its upper floors can already name it.
function(room name)
  cmake_parse_arguments(arg "" "" "ROOMS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/daemon/${name}/*.c)
  list(TRANSFORM arg_ROOMS PREPEND room_)
  if(sources)
    add_library(room_${name} STATIC ${sources})
    tocsin_compile_options(room_${name})
    target_link_libraries(room_${name} PUBLIC ${arg_ROOMS} ${arg_LIBS})
  else()
    add_library(room_${name} INTERFACE)
    target_link_libraries(room_${name} INTERFACE ${arg_ROOMS} ${arg_LIBS})
  endif()
endfunction()
