class Hello implements CommandLineRunner {
    void run(String... arguments) {
        println new Greeting(to: 'world')
        println "greeting ${System.getProperty('greeting')}"
    }
}
