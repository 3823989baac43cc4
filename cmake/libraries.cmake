# The libraries of docs/decisions.md, each as an imported target.
foreach(entry
    "uv libuv" "openssl openssl" "zlib zlib" "xxhash libxxhash" "confuse libconfuse" "idn2 libidn2"
    "utf8proc libutf8proc" "cmark libcmark" "jansson jansson" "smartcols smartcols" "cares libcares")
  separate_arguments(pair UNIX_COMMAND "${entry}")
  list(GET pair 0 name)
  list(GET pair 1 package)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${package})
endforeach()

# These ship no pkg-config file in Debian.
foreach(name lmdb roaring csv)
  find_library(${name}_library ${name} REQUIRED)
  add_library(${name} INTERFACE IMPORTED)
  target_link_libraries(${name} INTERFACE ${${name}_library})
endforeach()
find_library(modest_library modest REQUIRED)
add_library(MODEST INTERFACE IMPORTED)
target_link_libraries(MODEST INTERFACE ${modest_library})

# Debian's llhttp comes as C sources with node-llhttp.
enable_language(C)
add_library(llhttp STATIC /usr/share/llhttp/api.c /usr/share/llhttp/http.c /usr/share/llhttp/llhttp.c)
target_include_directories(llhttp SYSTEM PUBLIC /usr/share/include/llhttp)
target_compile_options(llhttp PRIVATE -O2 -w)
