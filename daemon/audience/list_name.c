#include "audience/list_name.h"

int list_name_check(struct str name, struct err *err)
{
    if (name.len == 0)
        return err_set(err, "A list needs a name.");
    if (name.len > LIST_NAME_MAX)
        return err_set(err, "The name of a list may have at most %d bytes; this one has %zu.",
                       LIST_NAME_MAX, name.len);
    if (!str_is_utf8(name))
        return err_set(err, "The name of the list is not valid UTF-8.");
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] < ' ' || name.at[i] == 0x7F || name.at[i] == '"')
            return err_set(err, "The name of a list may hold neither quotes nor line ends.");
    if (str_trim(name).len != name.len)
        return err_set(err, "The name of a list may not begin or end with a space.");
    return 0;
}
