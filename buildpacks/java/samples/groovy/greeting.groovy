class Greeting {
    String to

    String toString() {
        "Hello, $to, from Groovy!"
    }
}
