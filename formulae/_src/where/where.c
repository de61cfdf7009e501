/* where: says where it was built to be, and reads its message from there. */
#include <stdio.h>

int main(void)
{
    char line[256];
    FILE *message = fopen(PREFIX "/share/where/message", "r");

    printf("built for " PREFIX "\n");
    if (message == NULL) {
        perror(PREFIX "/share/where/message");
        return 1;
    }
    while (fgets(line, sizeof line, message) != NULL)
        fputs(line, stdout);
    fclose(message);
    return 0;
}
