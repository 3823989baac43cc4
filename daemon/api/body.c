#include "api/body.h"

json_t *json_of_body(struct str body, struct err *err)
{
    json_error_t error;
    json_t *value = json_loadb(body.at ? body.at : "", body.len, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        err_set(err, "The body is not JSON at line %d, column %d: %s.", error.line, error.column,
                error.text);
    return value;
}
